/** What the shop sells, with its pictures: drawn here, so that the demo asks nobody else for anything. */

export const products = [
  {
    sku: 'knocker',
    name: 'Fox door knocker',
    price: 48,
    group: 'At the door',
    says: 'Cast brass, cast once. The fox lets go only for friends, parcels, and people who knock twice.',
    facts: ['Solid brass, unlacquered', '11 × 17 cm', 'Two bolts and a template'],
    tint: '#f3dcc0',
    art: '<path d="M70 62 60 34l24 14h32l24-14-10 28c8 26-8 48-30 56-22-8-38-30-30-56z" fill="#c8793a"/><path d="M86 84h.1M114 84h.1" stroke="#3a2a1d" stroke-width="7"/><path d="M100 118l-7-10h14z" fill="#3a2a1d"/><circle cx="100" cy="128" r="30" fill="none" stroke="#b98b2e" stroke-width="9"/>',
  },
  {
    sku: 'lantern',
    name: 'Porch lantern',
    price: 89,
    group: 'At the door',
    says: 'A light that is on before you find your keys. Blown glass, a warm lamp, and a hook that holds.',
    facts: ['Powder-coated steel, clear glass', '16 × 34 cm', 'E27, up to 40 W'],
    tint: '#dfe6d5',
    art: '<path d="M84 46a16 16 0 0 1 32 0" fill="none" stroke="#2c3f38" stroke-width="6"/><path d="M72 60h56l10 18H62z" fill="#2c3f38"/><path d="M68 78h64l-8 66H76z" fill="#fff4d2" stroke="#2c3f38" stroke-width="6"/><path d="M100 96c12 14 10 28 0 32-10-4-12-18 0-32z" fill="#eeb144"/><path d="M72 144h56v10H72z" fill="#2c3f38"/>',
  },
  {
    sku: 'bell',
    name: 'Pull bell, polished',
    price: 64,
    group: 'At the door',
    says: 'Rings when it is pulled, and only then. No battery, no app, no update.',
    facts: ['Brass bell on a steel spring', '9 cm across', 'Cord of waxed linen'],
    tint: '#e9e2f0',
    art: '<path d="M60 40h80" stroke="#5b4a6e" stroke-width="7"/><path d="M100 40c-10 12 10 14 0 26" fill="none" stroke="#5b4a6e" stroke-width="5"/><path d="M72 124c0-34 8-56 28-56s28 22 28 56z" fill="#e0aa3e"/><path d="M64 124h72v10H64z" fill="#b98b2e"/><circle cx="100" cy="142" r="9" fill="#5b4a6e"/>',
  },
  {
    sku: 'mat',
    name: 'Coir doormat, polite',
    price: 32,
    group: 'In the hall',
    says: 'Takes the mud and keeps the secret. Thick enough for boots, flat enough for the door.',
    facts: ['Coconut fibre, natural rubber', '75 × 45 cm', 'Shake, do not wash'],
    tint: '#d9e5ec',
    art: '<g transform="rotate(-8 100 100)"><rect x="38" y="66" width="124" height="76" rx="5" fill="#c49a63"/><path d="M38 80h124M38 128h124" stroke="#7d5a30" stroke-width="7"/><path d="M76 92v24M76 104h14M90 92v24M106 92h12M112 92v24M106 116h12" stroke="#7d5a30" stroke-width="5" fill="none"/><path d="M46 60v6M58 60v6M70 60v6M82 60v6M94 60v6M106 60v6M118 60v6M130 60v6M142 60v6M154 60v6M46 142v6M58 142v6M70 142v6M82 142v6M94 142v6M106 142v6M118 142v6M130 142v6M142 142v6M154 142v6" stroke="#9a7443" stroke-width="3"/></g>',
  },
  {
    sku: 'hooks',
    name: 'Row of five hooks',
    price: 41,
    group: 'In the hall',
    says: 'Four for the family and one for whoever stays for supper.',
    facts: ['Oak board, blackened steel', '62 × 9 cm', 'Holds 6 kg each'],
    tint: '#efe3d3',
    art: '<rect x="34" y="70" width="132" height="22" rx="4" fill="#b98656"/><path d="M52 88v18a8 8 0 0 0 14 4M76 88v18a8 8 0 0 0 14 4M100 88v18a8 8 0 0 0 14 4M124 88v18a8 8 0 0 0 14 4M148 88v18a8 8 0 0 0 14 4" fill="none" stroke="#2b2b2b" stroke-width="6"/>',
  },
  {
    sku: 'umbrella',
    name: 'Umbrella stand',
    price: 76,
    group: 'In the hall',
    says: 'A tray for the drip, a ring for the lean. It has seen worse weather than this.',
    facts: ['Glazed stoneware', '22 × 54 cm', 'Felt foot'],
    tint: '#d8e7e3',
    art: '<path d="M112 30c-2 34-8 60-10 92" stroke="#8a4b32" stroke-width="7" fill="none"/><path d="M112 30c10-10 20-4 18 6" stroke="#8a4b32" stroke-width="7" fill="none"/><path d="m104 52-14 66h18z" fill="#b3422f"/><path d="M74 92h52l-6 64H80z" fill="#33695a"/><path d="M72 88h56v10H72z" fill="#254f44"/>',
  },
  {
    sku: 'number',
    name: 'House number, enamel',
    price: 27,
    group: 'At the door',
    says: 'White on blue, as the postman likes it. Any number up to 9999; yours is probably among them.',
    facts: ['Vitreous enamel on steel', '14 × 12 cm', 'Brass screws in the box'],
    tint: '#e4e9f4',
    art: '<rect x="52" y="54" width="96" height="84" rx="10" fill="#24508c"/><rect x="59" y="61" width="82" height="70" rx="6" fill="none" stroke="#fff" stroke-width="3"/><text x="100" y="116" font-family="Georgia,serif" font-size="54" font-weight="700" text-anchor="middle" fill="#fff">17</text>',
  },
  {
    sku: 'bowl',
    name: 'Key bowl',
    price: 23,
    group: 'In the hall',
    says: 'So that they are where you left them. Turned from one piece of ash, oiled, never lacquered.',
    facts: ['Solid ash', '19 cm across', 'Made by two people'],
    tint: '#f1e4da',
    art: '<path d="M46 96h108c-4 32-26 48-54 48s-50-16-54-48z" fill="#c99a6b"/><ellipse cx="100" cy="96" rx="54" ry="14" fill="#e2bd93"/><circle cx="90" cy="82" r="13" fill="none" stroke="#b98b2e" stroke-width="6"/><path d="m100 88 30 10-4 8-8-3-2 6-16-6" fill="none" stroke="#b98b2e" stroke-width="6"/>',
  },
]

export const findProduct = (sku) => products.find((product) => product.sku === sku)

/** The picture on its coloured plate. */
export const pictureOf = ({ art, tint, name }) =>
  `<svg class="picture" viewBox="0 0 200 190" role="img" aria-label="${name}"><rect width="200" height="190" fill="${tint}"/><ellipse cx="100" cy="160" rx="62" ry="8" fill="#0001"/><g stroke-linecap="round" stroke-linejoin="round">${art}</g></svg>`

export const euros = (amount) => `€ ${amount.toFixed(2)}`
