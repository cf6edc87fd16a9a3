import CeleryCore

/// A login by SCRAM (RFC 5802, RFC 7677), by which neither side shows the password to the other.
struct SCRAM {
    /// The hash function, and what MongoDB does to a password before.
    enum Mechanism: String, CaseIterable {
        case sha256 = "SCRAM-SHA-256"
        case sha1 = "SCRAM-SHA-1"

        private static let blockLength = 64

        fileprivate func hash(_ bytes: [UInt8]) -> [UInt8] { self == .sha1 ? SHA1.hash(bytes) : SHA256.hash(bytes) }

        /// Authenticates one message by HMAC (RFC 2104).
        fileprivate func code(of message: [UInt8], key: [UInt8]) -> [UInt8] { self.key(key)(message) }

        /// HMAC with a key, for thousands of messages: what depends on the key alone is computed once.
        fileprivate func key(_ key: [UInt8]) -> ([UInt8]) -> [UInt8] {
            var block = key.count > Self.blockLength ? hash(key) : key
            block += [UInt8](repeating: 0, count: Self.blockLength - block.count)
            let (outside, inside) = (block.map { $0 ^ 0x5C }, block.map { $0 ^ 0x36 })
            if self == .sha1 { return { message in SHA1.hash(outside + SHA1.hash(inside + message)) } }
            var (inner, outer) = (SHA256(), SHA256())
            inner.update(inside)
            outer.update(outside)
            return { [inner, outer] message in
                var (first, second) = (inner, outer)
                first.update(message)
                second.update(first.finish())
                return second.finish()
            }
        }
    }

    /// Rounds that a server may demand: fewer would give the password away to whoever listens, more would keep us from work.
    static let rounds = 4_096...1_000_000

    private let mechanism: Mechanism
    private let password: [UInt8]
    private let nonce: String
    private let bare: String
    /// What the server has to prove that it knows.
    private var signature: [UInt8] = []

    /// - Parameters:
    ///   - password: What the mechanism is given; see `password`.
    ///   - nonce: Visible ASCII characters without a comma, which nobody can guess.
    init(_ mechanism: Mechanism, user: String, password: String, nonce: String = SCRAM.nonce()) {
        self.mechanism = mechanism
        self.password = Array(password.utf8)
        self.nonce = nonce
        bare = "n=\(user.replacing(text: "=", with: "=3D").replacing(text: ",", with: "=2C")),r=\(nonce)"
    }

    /// What MongoDB gives to the mechanism in the place of the password.
    static func password(_ password: String, of user: String, _ mechanism: Mechanism) -> String {
        // Preparing a text by RFC 4013 leaves most as they are; what it would change has to be written in the form it results in.
        mechanism == .sha1 ? MD5.hexadecimal(Array("\(user):mongo:\(password)".utf8)) : password
    }

    static func nonce() -> String {
        var random = SystemRandomNumberGenerator()
        return Base64.encode((0..<24).map { _ in UInt8.random(in: 0...255, using: &random) })
    }

    /// The first message to the server.
    var first: [UInt8] { Array("n,,\(bare)".utf8) }

    /// The second message to the server. Blocks for as long as the server's rounds take.
    ///
    /// - Parameter answer: The server's first message.
    /// - Throws: `login` for an answer that makes no sense, or is not safe.
    mutating func second(after answer: [UInt8]) throws(MongoError) -> [UInt8] {
        let text = String(decoding: answer, as: UTF8.self)
        let parts = Self.parts(text)
        guard let joined = parts["r"], joined.hasPrefix(nonce), joined != nonce, let salt = parts["s"].flatMap({ Base64.decode($0) }),
            let rounds = parts["i"].flatMap({ Int($0) })
        else { throw MongoError(.login, "it answers the login with what is no answer") }
        guard Self.rounds.contains(rounds) else { throw MongoError(.login, "it wants the password to be hashed \(rounds) times, which is not safe") }
        let salted = salted(salt, rounds)
        let key = mechanism.code(of: Array("Client Key".utf8), key: salted)
        let message = "\(bare),\(text),c=biws,r=\(joined)"
        let proof = zip(key, mechanism.code(of: Array(message.utf8), key: mechanism.hash(key))).map { $0 ^ $1 }
        let serverKey = mechanism.code(of: Array("Server Key".utf8), key: salted)
        signature = mechanism.code(of: Array(message.utf8), key: serverKey)
        return Array("c=biws,r=\(joined),p=\(Base64.encode(proof))".utf8)
    }

    /// Checks that the server knows the password as well.
    ///
    /// - Parameter answer: The server's second message.
    func check(_ answer: [UInt8]) throws(MongoError) {
        let parts = Self.parts(String(decoding: answer, as: UTF8.self))
        guard !signature.isEmpty, let proof = parts["v"].flatMap({ Base64.decode($0) }), HMAC.isEqual(proof, signature) else {
            throw MongoError(.login, "it does not know the password itself, so it is not the server that it seems to be")
        }
    }

    /// `a=1,b=2`, each name being a letter.
    private static func parts(_ text: String) -> [Substring: String] {
        Dictionary(
            text.split(separator: ",").compactMap { part in
                part.dropFirst().first == "=" ? (part.prefix(1), String(part.dropFirst(2))) : nil
            }, uniquingKeysWith: { first, _ in first })
    }

    /// The password after all rounds: PBKDF2 of RFC 8018, whose first block suffices.
    private func salted(_ salt: [UInt8], _ rounds: Int) -> [UInt8] {
        var code = mechanism.code(of: salt + [0, 0, 0, 1], key: password)
        var sum = code
        let key = mechanism.key(password)
        for _ in 1..<rounds {
            code = key(code)
            for index in sum.indices { sum[index] ^= code[index] }
        }
        return sum
    }
}
