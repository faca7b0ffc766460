#!/usr/bin/env node
import module from 'node:module'

// Compiling takes most of a start's time. Node 22.8 and later keep what they have compiled, in the system's folder for temporary
// files; NODE_DISABLE_COMPILE_CACHE=1 forbids it.
module.enableCompileCache?.()

const { main } = await import('../dist/main.js')

process.exitCode = await main(process.argv.slice(2))
