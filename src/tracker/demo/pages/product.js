/** One product. */
import { euros, findProduct, pictureOf } from '../catalog.js'
import { show, showBasketCount, tell } from '../frame.js'
import { basket, saveBasket } from '../memory.js'

const product = findProduct(new URLSearchParams(location.search).get('sku'))

if (product) {
  document.title = `${product.name} · Latch & Lantern`
  show(`
    <article class="product">
      ${pictureOf(product)}
      <div>
        <p class="over">${product.group}</p>
        <h1>${product.name}</h1>
        <p class="price">${euros(product.price)}</p>
        <p>${product.says}</p>
        <ul class="facts">${product.facts.map((fact) => `<li>${fact}</li>`).join('')}</ul>
        <p class="actions"><button class="main" type="button" data-add>Add to basket</button> <a href="index.html">Keep looking</a></p>
        <p class="said" role="status" data-said></p>
      </div>
    </article>`)
  tell('ProductViewed', { sku: product.sku, name: product.name, price: product.price })
  document.querySelector('[data-add]').addEventListener('click', () => {
    const items = basket()
    items[product.sku] = (items[product.sku] ?? 0) + 1
    saveBasket(items)
    tell('AddToCart', { sku: product.sku, price: product.price, count: items[product.sku] })
    showBasketCount()
    document.querySelector('[data-said]').innerHTML =
      'It is in your basket. <a href="cart.html">Go to the basket</a>'
  })
} else {
  show('<p class="empty">We do not have that. <a href="index.html">See everything</a></p>')
}
