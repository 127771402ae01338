import { z } from 'zod'
import { defineJob } from '../platform/job.ts'

/** Sends one WhatsApp message of the notification log. */
export const sendWhatsapp = defineJob('notification.send-whatsapp', {
  payload: z.strictObject({ notificationId: z.uuid() }),
  slots: 8,
  timeoutSeconds: 30,
  priority: 'low',
})
