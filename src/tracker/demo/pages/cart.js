/** The basket, and the order. */
import { euros, findProduct, pictureOf } from '../catalog.js'
import { show, tell } from '../frame.js'
import { basket, customer, saveBasket } from '../memory.js'

const lines = Object.entries(basket()).flatMap(([sku, count]) => {
  const product = findProduct(sku)
  return product ? [{ product, count }] : []
})
const total = lines.reduce((sum, { product, count }) => sum + product.price * count, 0)

show(
  lines.length === 0
    ? '<h1>Your basket</h1><p class="empty">It is empty, and the hallway still is, too. <a href="index.html">Have a look around</a></p>'
    : `
  <h1>Your basket</h1>
  <ul class="lines">
    ${lines
      .map(
        ({ product, count }) => `
        <li>
          <a href="product.html?sku=${product.sku}">${pictureOf(product)}</a>
          <span class="grow"><a href="product.html?sku=${product.sku}">${product.name}</a><br><small>${count} × ${euros(product.price)}</small></span>
          <b>${euros(product.price * count)}</b>
          <button type="button" data-remove="${product.sku}" aria-label="Remove ${product.name}">Remove</button>
        </li>`,
      )
      .join('')}
  </ul>
  <p class="total">Together <b>${euros(total)}</b></p>
  <p class="actions">${
    customer()
      ? '<button class="main" type="button" data-order>Order</button>'
      : '<a class="main" href="sign-in.html?then=cart.html">Sign in to order</a>'
  }</p>`,
)

for (const button of document.querySelectorAll('[data-remove]')) {
  button.addEventListener('click', () => {
    const { [button.dataset.remove]: _, ...rest } = basket()
    saveBasket(rest)
    tell('RemoveFromCart', { sku: button.dataset.remove })
    location.reload()
  })
}
document.querySelector('[data-order]')?.addEventListener('click', () => {
  tell('OrderPlaced', { total, skus: lines.map(({ product }) => product.sku) })
  saveBasket({})
  location.assign('thanks.html')
})
