const longMs = 2 ** 30

/** Keeps the process from ending while nothing but a clock's timer is waited for. Gives the function that ends it. */
export function keepAlive(): () => void {
  const handle = setInterval(() => undefined, longMs)
  return () => clearInterval(handle)
}
