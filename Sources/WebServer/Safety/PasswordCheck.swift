import CCrypt
import CeleryCore
import Processes
import Synchronization

/// Compares passwords with their hashes, one after the other: a hash is made to take long, and many at a time would take the
/// machine.
actor PasswordCheck {
    private let executor = BlockingExecutor(label: "celery.web.password")
    private let users: [String: WebCredentials.Entry]
    /// What was right, by a code of name and password that nobody else can compute; so a client that sends its password with each
    /// request has it hashed once.
    private let known = Mutex<[[UInt8]: WebIdentity]>([:])
    private let key: [UInt8]

    /// Most entries of `known`.
    private static let mostKnown = 256

    nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// - Throws: `WebError.libraryMissing` when there are users but no libcrypt.
    init(_ users: [String: WebCredentials.Entry]) throws(WebError) {
        if !users.isEmpty, let reason = celery_crypt_load() {
            throw WebError(
                .libraryMissing, "the library libcrypt cannot be loaded: \(String(cString: reason))",
                hint: "install it: apt-get install libcrypt1")
        }
        self.users = users
        var random = SystemRandomNumberGenerator()
        key = (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    /// Who has this name and password, if they were right before.
    nonisolated func knownIdentity(_ name: String, _ password: String) -> WebIdentity? {
        let code = code(name, password)
        return known.withLock { $0[code] }
    }

    private nonisolated func code(_ name: String, _ password: String) -> [UInt8] {
        HMAC.code(of: Array(name.utf8) + [0] + Array(password.utf8), key: key)
    }

    /// - Returns: `nil` for a wrong name or password. Takes as long for a name that there is not.
    func identity(_ name: String, _ password: String) -> WebIdentity? {
        if let identity = knownIdentity(name, password) { return identity }
        let entry = users[name]
        // Any hash does: one that is like the others takes as long.
        guard let setting = entry?.hash ?? users.values.first?.hash else { return nil }
        let isRight = Self.matches(password, setting)
        guard let entry, isRight else { return nil }
        let identity = WebIdentity(name, entry.rights)
        let code = code(name, password)
        known.withLock { known in
            if known.count >= Self.mostKnown { known.removeAll() }
            known[code] = identity
        }
        return identity
    }

    /// The corresponding C function is `crypt_r`.
    private static func matches(_ password: String, _ hash: [UInt8]) -> Bool {
        guard !password.utf8.contains(0) else { return false }
        var made = [CChar](repeating: 0, count: Int(CELERY_CRYPT_ROOM))
        guard celery_crypt(password, String(decoding: hash, as: UTF8.self), &made) != 0 else { return false }
        return HMAC.isEqual(made.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, hash)
    }
}
