import { ToolPlaces } from './tool-places.ts'
import { toolPlacesSuite } from './tool-places.testsuite.ts'

toolPlacesSuite('a process by itself', async most => {
  const places = new ToolPlaces(most)
  return { take: (...given) => places.take(...given), [Symbol.asyncDispose]: async () => undefined }
})
