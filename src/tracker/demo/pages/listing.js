/** The listing, with a search that tells what was looked for. */
import { euros, pictureOf, products } from '../catalog.js'
import { plain, show, tell } from '../frame.js'

const query = new URLSearchParams(location.search).get('q') ?? ''
const found = products.filter(({ name, group }) =>
  `${name} ${group}`.toLowerCase().includes(query.trim().toLowerCase()),
)

show(`
  <section class="hero">
    <div>
      <p class="over">Autumn in the hallway</p>
      <h1>Good things happen<br>between door and coat.</h1>
      <form class="search" role="search">
        <input name="q" type="search" placeholder="Knocker, lantern, hooks…" aria-label="Search" value="${plain(query)}">
        <button>Search</button>
      </form>
    </div>
    <svg class="door" viewBox="0 0 220 240" aria-hidden="true"><path d="M20 240V96a90 90 0 0 1 180 0v144z" fill="#1b372f"/><path d="M38 240V98a72 72 0 0 1 144 0v142z" fill="#b3422f"/><path d="M56 98a54 54 0 0 1 108 0z" fill="#f7d58b"/><path d="M110 44v54M74 60l36 38 36-38" stroke="#b3422f" stroke-width="5" fill="none"/><path d="M60 116h42v46H60zM118 116h42v46h-42zM60 174h42v52H60zM118 174h42v52h-42z" fill="#97331f"/><circle cx="110" cy="170" r="7" fill="#f4c66a"/></svg>
  </section>
  ${found.length === 0 ? `<p class="empty">Nothing is called “${plain(query)}”. <a href="index.html">See everything</a></p>` : ''}
  <ul class="cards">
    ${found
      .map(
        (product) => `
        <li><a class="card" href="product.html?sku=${product.sku}">
          ${pictureOf(product)}
          <span class="name">${product.name}</span>
          <span class="line"><span>${product.group}</span><b>${euros(product.price)}</b></span>
        </a></li>`,
      )
      .join('')}
  </ul>`)

if (query) tell('Search', { query, found: found.length })
