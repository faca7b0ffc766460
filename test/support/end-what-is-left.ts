import { afterAll } from 'vitest'
import { endThemWithThisProcess, endWhatIsLeft } from './own-things.ts'

// The runner executes this file anew before each file of tests: what is registered here belongs to that file, and of its
// hooks behind the tests it is the last.
afterAll(endWhatIsLeft)
endThemWithThisProcess()
