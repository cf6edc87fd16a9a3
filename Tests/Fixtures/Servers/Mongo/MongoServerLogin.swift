import CeleryCore
import Synchronization

/// The server's side of a login by SCRAM-SHA-256 (RFC 7677).
struct MongoServerLogin {
    let user: String
    let password: String
    /// Rounds of the password's hash.
    var rounds = 4_096
    /// Whether the server knows the password; one that does not cannot prove it.
    var isGenuine = true

    private var bare = ""
    private var first = ""

    init(user: String, password: String) { (self.user, self.password) = (user, password) }

    /// - Returns: The first message; `nil` for another user, or what is no message.
    mutating func begin(_ message: String) -> String? {
        guard message.hasPrefix("n,,n=\(user),r=") else { return nil }
        bare = String(message.dropFirst(3))
        let nonce = message.dropFirst("n,,n=\(user),r=".count)
        first = "r=\(nonce)+server,s=\(Base64.encode(Self.salt)),i=\(rounds)"
        return first
    }

    private static let salt = Array("sixteen bytes of".utf8)
    private static let known = Mutex<[String: [UInt8]]>([:])

    /// The password after all rounds, which is computed once: a client that waits for it may lose its patience.
    @discardableResult
    static func salted(_ password: String, _ rounds: Int) -> [UInt8] {
        known.withLock { known in
            if let salted = known["\(rounds) \(password)"] { return salted }
            var block = HMAC.code(of: salt + [0, 0, 0, 1], key: Array(password.utf8))
            var salted = block
            for _ in 1..<rounds {
                block = HMAC.code(of: block, key: Array(password.utf8))
                for index in salted.indices { salted[index] ^= block[index] }
            }
            known["\(rounds) \(password)"] = salted
            return salted
        }
    }

    /// - Returns: The last message; `nil` for another password.
    func end(_ message: String) -> String? {
        let parts = message.split(separator: ",")
        guard parts.count == 3, parts[0] == "c=biws", first.hasPrefix("\(parts[1]),"), let proof = Base64.decode(String(parts[2].dropFirst(2))) else { return nil }
        let salted = Self.salted(password, rounds)
        let all = Array("\(bare),\(first),\(parts[0]),\(parts[1])".utf8)
        let stored = SHA256.hash(HMAC.code(of: Array("Client Key".utf8), key: salted))
        let key = zip(proof, HMAC.code(of: all, key: stored)).map { $0 ^ $1 }
        guard SHA256.hash(key) == stored else { return nil }
        let signature = HMAC.code(of: all, key: isGenuine ? HMAC.code(of: Array("Server Key".utf8), key: salted) : [1])
        return "v=\(Base64.encode(signature))"
    }
}
