import CeleryCore
import Glibc
import Processes

/// A file with a secret key: 64 hexadecimal digits in a line, for its owner only.
package enum CurveKeyFile {
    /// Reads the keys of a file. Blocks.
    ///
    /// - Returns: `nil` if there is no file.
    /// - Throws: `ZMQError`: `keys` for a file that others can read, or without a key; `libraryMissing`.
    package static func read(_ path: String) throws(ZMQError) -> CurveKeyPair? {
        func fail(_ reason: String, hint: String?) -> ZMQError { ZMQError(.keys, "cannot use the key in \(path): \(reason)", hint: hint) }
        let bytes: [UInt8]
        do throws(TrustedFile.Refusal) {
            bytes = try TrustedFile(path, isSecret: true).read(limit: 4_096)
        } catch {
            if error.isMissing { return nil }
            throw fail(error.reason, hint: error.hint)
        }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let line = text.split(whereSeparator: \.isNewline).first(where: { !$0.hasPrefix("#") }), let key = CurveKey(line) else {
            throw fail("it has no line of 64 hexadecimal digits", hint: "celery broker --keygen FILE makes a file with a key")
        }
        return try CurveKeyPair(secretKey: key)
    }

    /// Makes a pair of keys and writes the secret one to a new file. Blocks.
    ///
    /// - Throws: `ZMQError.libraryMissing`; `SystemError` if the file cannot be created, or is there already.
    package static func create(_ path: String) throws -> CurveKeyPair {
        let keys = try CurveKeyPair()
        let number = try Syscall.check("create key file", path: path) { open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600) }
        let descriptor = OwnedDescriptor(owning: number)
        try descriptor.write("# secret key of celery; its public key is \(keys.publicKey.text)\n\(keys.secretKey.text)\n")
        return keys
    }
}
