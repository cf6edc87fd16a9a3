/// Bytes as two digits each.
enum Hexadecimal {
    static func text(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// Of text that has nothing else in it.
    static func bytes(_ text: String) -> [UInt8] {
        let values = text.utf8.map { UInt8(Character(Unicode.Scalar($0)).hexDigitValue!) }
        return stride(from: 0, to: values.count - 1, by: 2).map { values[$0] << 4 | values[$0 + 1] }
    }
}
