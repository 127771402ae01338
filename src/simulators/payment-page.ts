import { centsToText } from './amounts.ts'
import type { Payment } from './payment-ledger.ts'

/** The page behind a payment link: what is to be paid, and a button for each way that it can end. */
export function paymentPage({ amount, currency, kind, reference, status }: Payment): string {
  const buttons =
    status === 'paid'
      ? '<p>Nothing is left to do. You can close this page.</p>'
      : `<form method="post">
          <button name="outcome" value="paid">Pay</button>
          <button name="outcome" value="failed">Fail</button>
        </form>`
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Simulated payment</title>
    <style>
      body { font: 16px/1.5 system-ui, sans-serif; max-width: 26rem; margin: 3rem auto; padding: 0 1rem }
      button { font: inherit; padding: .5rem 1.5rem; margin-right: .5rem }
    </style>
  </head>
  <body>
    <h1>Simulated payment</h1>
    <p><strong>${escapeHtml(currency)} ${centsToText(amount)}</strong> (${escapeHtml(kind)})</p>
    <p>Reference ${escapeHtml(reference)}</p>
    <p>Status: <strong>${status}</strong>. No real money moves here.</p>
    ${buttons}
  </body>
</html>
`
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, character => `&#${character.charCodeAt(0)};`)
}
