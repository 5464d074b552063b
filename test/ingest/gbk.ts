/** Text as GBK bytes, which Node decodes and does not encode: each pair is looked for among all that the decoder reads. */
const PAIRS = new Map<string, readonly [number, number]>();
const decoder = new TextDecoder('gbk');
for (let lead = 0x81; lead <= 0xfe; lead += 1) {
  for (let trail = 0x40; trail <= 0xfe; trail += 1) {
    if (trail !== 0x7f) PAIRS.set(decoder.decode(Uint8Array.of(lead, trail)), [lead, trail]);
  }
}

export function gbk(text: string): Buffer<ArrayBuffer> {
  return Buffer.from(Array.from(text, (sign) => PAIRS.get(sign) ?? [sign.charCodeAt(0)]).flat());
}
