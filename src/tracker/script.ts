/** `tracker.js`, for a script tag: the server is where the script came from, unless `config` says otherwise. */
import { install } from './main.ts'

// A boundary: what runs this is a script tag, or nothing that could be asked.
const { src, nonce } = (document.currentScript || {}) as Partial<HTMLScriptElement>
install(new URL(src || location.href).origin, nonce)
