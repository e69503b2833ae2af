/** The account, and the way out. */
import { plain, show } from '../frame.js'
import { customer, signOut } from '../memory.js'

const person = customer()

if (person) {
  show(`
    <section class="sheet">
      <p class="over">Your account</p>
      <h1>Hello, ${plain(person.name)}</h1>
      <dl><dt>Name</dt><dd>${plain(person.name)}</dd><dt>E-mail</dt><dd>${plain(person.email)}</dd></dl>
      <p class="actions"><a class="main" href="index.html">Go shopping</a> <button type="button" data-sign-out>Sign out</button></p>
    </section>`)
  document.querySelector('[data-sign-out]').addEventListener('click', () => {
    signOut()
    window._gt.push(['sendSignOut'])
    location.assign('index.html')
  })
} else {
  location.replace('sign-in.html')
}
