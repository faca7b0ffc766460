// Serves one file to every request, with nothing but Node: what a download is compared with.
// Usage: node plain-file-server.mjs FILE. Prints its port, ends with its standard input.
import { createReadStream, statSync } from 'node:fs'
import { createServer } from 'node:http'
import { pipeline } from 'node:stream'

const [file] = process.argv.slice(2)
const bytes = statSync(file).size
const server = createServer((_, response) => {
  response.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': bytes })
  pipeline(createReadStream(file), response, () => {})
})
server.listen(0, '127.0.0.1', () => console.log(server.address().port))
process.stdin.resume().on('end', () => process.exit(0))
