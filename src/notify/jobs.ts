import { z } from 'zod'
import { defineJob } from '../platform/job.ts'

/** Sends one WhatsApp message of the notification log. The order stands beside it, so that its history finds the job. */
export const sendWhatsapp = defineJob('notification.send-whatsapp', {
  payload: z.strictObject({ notificationId: z.uuid(), orderId: z.uuid().nullish() }),
  slots: 8,
  timeoutSeconds: 30,
  priority: 'low',
})
