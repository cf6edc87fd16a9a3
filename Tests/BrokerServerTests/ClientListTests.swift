import CeleryZMQ
import Fixtures
import Foundation
import Testing
import ZeroMQ

@testable import BrokerServer

@Suite struct ClientListTests {
    private let keys = (0..<3).map { String(repeating: "\($0)a", count: 32) }

    @Test func `reads roles, keys and names`() throws {
        let clients = try ClientList.read(text: "# who\n\nsubmit \(keys[0]) web1\nwork\t\(keys[1])\r\nadmin \(keys[2].uppercased()) ops\n", of: "list")
        #expect(clients.count == 3)
        #expect(try clients[#require(CurveKey(keys[0]))] == ClientList.Client(role: .submit, name: "web1"))
        #expect(try clients[#require(CurveKey(keys[1]))] == ClientList.Client(role: .work, name: "1a1a1a1a"))
        #expect(try clients[#require(CurveKey(keys[2]))]?.role == .admin)
    }

    @Test func `names the line that is wrong`() {
        for line in ["root \(keys[0])", "submit", "submit 00", "submit \(keys[1]) a b", "submit \(keys[2])"] {
            let error = #expect(throws: ClientList.Mistake.self, "\(line)") { try ClientList.read(text: "work \(keys[2])\n\(line)\n", of: "list") }
            #expect(error?.description.hasPrefix("list, line 2: ") == true)
        }
    }

    @Test func `refuses a list that others may write`() throws {
        let folder = TemporaryFolder()
        let path = folder.file("clients")
        #expect(throws: ClientList.Mistake.self) { try ClientList(file: path) }
        try "work \(keys[0])\n".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(try ClientList(file: path).client(#require(CurveKey(keys[0])))?.role == .work)
        chmod(path, 0o666)
        let error = #expect(throws: ClientList.Mistake.self) { try ClientList(file: path) }
        #expect(error?.description == "cannot use the allow list \(path): other users can write it")
    }
}
