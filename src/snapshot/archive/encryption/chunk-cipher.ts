import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { invalidArchive } from '../archive-error.ts'
import { chunkCount, chunkOffset, field, headerBytes, nonceBytes, tagBytes } from './format.ts'
import type { FileKeys } from './keys.ts'

const algorithm = 'aes-256-gcm'

/** Seals and opens the chunks of one archive. */
export class ChunkCipher {
  readonly #keys: FileKeys
  readonly #mac: Uint8Array
  readonly #count: number

  constructor(keys: FileKeys, mac: Uint8Array, plainBytes: number) {
    this.#keys = keys
    this.#mac = mac
    this.#count = chunkCount(plainBytes)
  }

  seal(index: number, plain: Uint8Array): Uint8Array {
    const place = this.#placeOf(index)
    const nonce = createHmac('sha256', this.#keys.nonceKey)
      .update(place)
      .update(plain)
      .digest()
      .subarray(0, nonceBytes)
    const cipher = createCipheriv(algorithm, this.#keys.chunkKey, nonce).setAAD(place)
    const sealed = cipher.update(plain)
    cipher.final()
    return Buffer.concat([nonce, sealed, cipher.getAuthTag()])
  }

  /** @throws archive-invalid naming the chunk */
  open(index: number, sealed: Uint8Array): Uint8Array {
    const end = sealed.byteLength - tagBytes
    const decipher = createDecipheriv(algorithm, this.#keys.chunkKey, sealed.subarray(0, nonceBytes), {
      authTagLength: tagBytes,
    })
      .setAAD(this.#placeOf(index))
      .setAuthTag(sealed.subarray(end))
    const plain = decipher.update(sealed.subarray(nonceBytes, end))
    try {
      decipher.final()
    } catch {
      // OpenSSL says no more than that it does not fit.
      throw this.damaged(index, 'it is damaged or not in its place')
    }
    return plain
  }

  damaged(index: number, why: string): Error {
    return invalidArchive(`chunk ${index + 1} of ${this.#count} of the encrypted form: ${why}`, {
      chunk: index + 1,
      chunks: this.#count,
      offset: chunkOffset(index),
    })
  }

  #placeOf(index: number): Uint8Array {
    const place = Buffer.alloc(this.#mac.byteLength + 9)
    place.set(this.#mac)
    place.writeBigUInt64BE(BigInt(index), this.#mac.byteLength)
    place[this.#mac.byteLength + 8] = index === this.#count - 1 ? 1 : 0
    return place
  }
}

export function headerMac(keys: FileKeys, header: Uint8Array): Uint8Array {
  return createHmac('sha256', keys.headerKey).update(header.subarray(0, field.mac[0])).digest()
}

/** @throws archive-invalid */
export function checkHeaderMac(keys: FileKeys, header: Uint8Array): Uint8Array {
  const mac = headerMac(keys, header)
  if (timingSafeEqual(mac, header.subarray(field.mac[0], headerBytes))) return mac
  throw invalidArchive('its encryption header is damaged')
}
