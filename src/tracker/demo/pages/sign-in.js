/** Signing in: any name will do. A real shop asks for more, and signs what it tells the tracker. */
import { plain, show } from '../frame.js'
import { remembered, signIn } from '../memory.js'

const known = remembered() ?? { name: '', email: '' }

show(`
  <section class="sheet">
    <h1>Sign in</h1>
    <p>Be anybody. The shop believes you; a real one would ask for a password, and sign what it tells Vestibule.</p>
    <form data-sign-in>
      <label>Name <input name="name" required maxlength="60" autocomplete="off" value="${plain(known.name)}" placeholder="Ada"></label>
      <label>E-mail <input name="email" type="email" required maxlength="120" autocomplete="off" value="${plain(known.email)}" placeholder="ada@example.com"></label>
      <button class="main">Sign in</button>
    </form>
  </section>`)

document.querySelector('[data-sign-in]').addEventListener('submit', (submitted) => {
  submitted.preventDefault()
  const given = new FormData(submitted.target)
  const person = { name: String(given.get('name')).trim(), email: String(given.get('email')).trim() }
  signIn(person)
  window._gt.push(['sendSignIn', { identityId: person.email, name: person.name, email: person.email }])
  const then = new URLSearchParams(location.search).get('then')
  location.assign(then === 'cart.html' ? then : 'account.html')
})
