import CZeroMQ
import CeleryCore
import Glibc

/// A key of CURVE: 32 bytes, written as 64 hexadecimal digits, since the letters of Z85 mean something in shells and URLs.
package struct CurveKey: Sendable, Hashable {
    package let bytes: [UInt8]

    /// - Returns: `nil` unless there are 32 bytes.
    package init?(bytes: [UInt8]) {
        guard bytes.count == 32 else { return nil }
        self.bytes = bytes
    }

    /// - Returns: `nil` for anything but 64 hexadecimal digits.
    package init?(_ text: some StringProtocol) {
        guard let bytes = Hexadecimal.bytes(text.lowercased()) else { return nil }
        self.init(bytes: bytes)
    }

    package var text: String { Hexadecimal.text(bytes) }
}

/// A secret key, and the public key that others know it by.
package struct CurveKeyPair: Sendable, Hashable {
    package let publicKey: CurveKey
    package let secretKey: CurveKey

    /// Makes a new pair.
    ///
    /// - Throws: `ZMQError.libraryMissing`.
    package init() throws(ZMQError) {
        try ZMQContext.load()
        var publicText = [CChar](repeating: 0, count: 41)
        var secretText = publicText
        guard celery_zmq_has_curve() == 1, celery_zmq_keys(&publicText, &secretText) == 0,
            let publicKey = CurveKey(bytes: Z85.bytes(publicText)), let secretKey = CurveKey(bytes: Z85.bytes(secretText))
        else { throw ZMQError(.libraryMissing, "this libzmq cannot make keys", hint: "install one that is built with CURVE: apt-get install libzmq5") }
        (self.publicKey, self.secretKey) = (publicKey, secretKey)
    }

    /// Computes the public key of a secret one.
    ///
    /// - Throws: `ZMQError.libraryMissing`.
    package init(secretKey: CurveKey) throws(ZMQError) {
        try ZMQContext.load()
        var text = [CChar](repeating: 0, count: 41)
        guard celery_zmq_has_curve() == 1, celery_zmq_public(&text, Z85.text(secretKey.bytes)) == 0, let publicKey = CurveKey(bytes: Z85.bytes(text)) else {
            throw ZMQError(.libraryMissing, "this libzmq cannot use keys", hint: "install one that is built with CURVE: apt-get install libzmq5")
        }
        (self.publicKey, self.secretKey) = (publicKey, secretKey)
    }
}

/// ZeroMQ's text form of bytes, five letters for four (rfc.zeromq.org/spec/32).
enum Z85 {
    private static let letters = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#".utf8)

    /// The bytes of a text that ends with a zero; empty if it has another letter.
    static func bytes(_ text: [CChar]) -> [UInt8] {
        let digits = text.prefix { $0 != 0 }.map { letters.firstIndex(of: UInt8(bitPattern: $0)) }
        guard digits.count.isMultiple(of: 5), !digits.contains(nil) else { return [] }
        return stride(from: 0, to: digits.count, by: 5).flatMap { start in
            let value = digits[start..<start + 5].reduce(UInt64(0)) { $0 * 85 + UInt64($1!) }
            return (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt64(24 - 8 * $0)) }
        }
    }

    /// The text of bytes, whose number is a multiple of four, with a final zero.
    static func text(_ bytes: [UInt8]) -> [CChar] {
        stride(from: 0, to: bytes.count, by: 4).flatMap { start in
            var value = bytes[start..<start + 4].reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            var group = [CChar](repeating: 0, count: 5)
            for place in stride(from: 4, through: 0, by: -1) {
                group[place] = CChar(bitPattern: letters[Int(value % 85)])
                value /= 85
            }
            return group
        } + [0]
    }
}
