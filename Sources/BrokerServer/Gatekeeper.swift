import CeleryZMQ
import ZeroMQ

/// Answers ZeroMQ's question who may connect (ZAP, rfc.zeromq.org/spec/27).
struct Gatekeeper {
    let clients: ClientList
    let note: @Sendable (String) -> Void

    /// Where the library asks.
    static let address = "inproc://zeromq.zap.01"

    /// The answer to a question: version, number, domain, address, identity, mechanism and key. The name that the library gives all
    /// messages of the connection is its key, by which `ClientList` is asked for each.
    func answer(_ parts: [[UInt8]]) -> [[UInt8]] {
        let number = parts.count > 1 ? parts[1] : []
        func reply(_ code: String, _ text: String, user: String = "") -> [[UInt8]] {
            [Array("1.0".utf8), number, Array(code.utf8), Array(text.utf8), Array(user.utf8), []]
        }
        guard parts.count == 7, parts[5] == Array("CURVE".utf8), let key = CurveKey(bytes: parts[6]) else { return reply("400", "no key") }
        let peer = String(decoding: parts[3].prefix(64).filter { (0x21...0x7E).contains($0) }, as: UTF8.self)
        guard let client = clients.client(key) else {
            note("A client at \(peer) with the unknown key \(key.text) was refused")
            return reply("400", "unknown key")
        }
        note("\(client.name) has connected from \(peer), to \(client.role.rawValue)")
        return reply("200", "", user: key.text)
    }
}
