/** Every secret without which the API and the worker refuse to start. */
export const testSecrets = {
  JWT_SECRET: 'test-jwt-secret-0123456789',
  CONTACT_HMAC_KEY: 'test-contact-hmac-key-0123456789',
  DATA_KEY: 'test-data-key-0123456789',
  PAYMENT_WEBHOOK_SECRET: 'test-payment-webhook-secret-0123456789',
  BOT_SECRET: 'test-bot-secret-0123456789',
  PANEL_SESSION_SECRET: 'test-panel-session-secret-0123456789',
  MONITORING_TOKEN: 'test-monitoring-token',
}
