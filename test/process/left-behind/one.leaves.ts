import { test } from 'vitest'
import { leaveOne } from './leave-one.ts'

test('leaves a server', leaveOne)
