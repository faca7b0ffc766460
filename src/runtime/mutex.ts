/** One at a time, in the order of the calls. */
export class Mutex {
  #last: Promise<unknown> = Promise.resolve()

  run<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#last.then(task)
    // The next task starts however this one ends; its caller gets the error from `result`.
    this.#last = result.catch(() => undefined)
    return result
  }
}
