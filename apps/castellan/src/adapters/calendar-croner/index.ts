export { cronerCalendar } from './croner-calendar.ts'
