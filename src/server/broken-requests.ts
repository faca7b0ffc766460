import type { Socket } from 'node:net'

/** What Node's parser refuses never becomes a request. A method that it does not know is one that no route has. */
export function refuseBrokenRequest(error: { readonly code?: string }, socket: Socket): void {
  // A connection that the client has closed gets no answer.
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) return void socket.destroy()
  socket.end(`HTTP/1.1 ${statusOf(error.code)}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`)
}

function statusOf(code: string | undefined): string {
  if (code === 'HPE_INVALID_METHOD') return '404 Not Found'
  if (code === 'HPE_HEADER_OVERFLOW') return '431 Request Header Fields Too Large'
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return '408 Request Timeout'
  return '400 Bad Request'
}
