/** After an order. */
import { plain, show } from '../frame.js'
import { customer } from '../memory.js'

const person = customer()

show(`
  <section class="sheet">
    <p class="over">Ordered</p>
    <h1>Thank you${person ? `, ${plain(person.name)}` : ''}.</h1>
    <p>Nobody will ring, since nothing is on its way. But Vestibule heard of it.</p>
    <p class="actions"><a class="main" href="index.html">Back to the shop</a></p>
  </section>`)
