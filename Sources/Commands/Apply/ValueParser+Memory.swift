import Arguments
import CeleryCore

extension ValueParser where Value == Int {
    /// An amount of memory: bytes, or `64k`, `64m`, `1g`.
    static var memory: Self {
        Self { (text) throws(InvalidValue) in
            guard let bytes = ByteCountText.bytes(text), bytes > 0 else {
                throw InvalidValue("is not an amount of memory", advice: "write bytes, or 64k, 64m, 1g")
            }
            return bytes
        }
    }
}
