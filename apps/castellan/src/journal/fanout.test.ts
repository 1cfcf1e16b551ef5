import { fanoutSuite } from './fanout.testsuite.ts'
import { Hall } from './fixtures/in-process-fanout.ts'

fanoutSuite(
  'a hall in one process',
  async () => {
    const hall = new Hall()
    return { enter: async installation => hall.enter(installation), close: async () => undefined }
  },
  false,
)
