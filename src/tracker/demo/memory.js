/** What the shop itself remembers in this browser: the basket, who is signed in, and whom it has seen. */

const read = (key, otherwise) => {
  try {
    return JSON.parse(localStorage.getItem(`shop.${key}`)) ?? otherwise
  } catch {
    return otherwise
  }
}
const write = (key, value) => localStorage.setItem(`shop.${key}`, JSON.stringify(value))

/** `{sku: how many}` */
export const basket = () => read('basket', {})
export const saveBasket = (items) => write('basket', items)
export const basketCount = () => Object.values(basket()).reduce((sum, count) => sum + count, 0)

/** `{name, email}`, or null. */
export const customer = () => read('customer', null)
/** The one who was signed in last: the shop greets by name, but does not trust it. */
export const remembered = () => read('remembered', null)

export function signIn(person) {
  write('customer', person)
  write('remembered', person)
}
export const signOut = () => write('customer', null)
export const forgetCustomer = () => write('remembered', null)
