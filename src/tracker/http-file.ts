/** What `tracker-http.js` runs: it hands its line to the tracker that asked for it. */
import { openHttp } from './http.ts'

window._gtHttp = openHttp
