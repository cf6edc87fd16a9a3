import Testing

@testable import Mongo

@Suite struct SCRAMTests {
    @Test func `answers as the example of RFC 7677`() throws {
        var scram = SCRAM(.sha256, user: "user", password: "pencil", nonce: "rOprNGfwEbeRWgbNEkqO")
        #expect(String(decoding: scram.first, as: UTF8.self) == "n,,n=user,r=rOprNGfwEbeRWgbNEkqO")
        let nonce = "rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        let second = try scram.second(after: Array("r=\(nonce),s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".utf8))
        #expect(String(decoding: second, as: UTF8.self) == "c=biws,r=\(nonce),p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")
        try scram.check(Array("v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=".utf8))
        #expect(throws: MongoError.self) { try scram.check(Array("v=7rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=".utf8)) }
        #expect(throws: MongoError.self) { try scram.check(Array("e=other-error".utf8)) }
    }

    @Test func `answers as the example of RFC 5802`() throws {
        var scram = SCRAM(.sha1, user: "user", password: "pencil", nonce: "fyko+d2lbbFgONRv9qkxdawL")
        let nonce = "fyko+d2lbbFgONRv9qkxdawL3rfcNHYJY1ZVvWVs7j"
        let second = try scram.second(after: Array("r=\(nonce),s=QSXCR+Q6sek8bf92,i=4096".utf8))
        #expect(String(decoding: second, as: UTF8.self) == "c=biws,r=\(nonce),p=v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=")
        try scram.check(Array("v=rmF9pqV8S7suAoZWja4dJRkFsKQ=".utf8))
    }

    @Test func `the older mechanism is given a hash of the password`() {
        #expect(SCRAM.password("pencil", of: "user", .sha1) == "1c33006ec1ffd90f9cadcbcc0e118200")
        #expect(SCRAM.password("pencil", of: "user", .sha256) == "pencil")
        #expect(MD5.hexadecimal([]) == "d41d8cd98f00b204e9800998ecf8427e")
        #expect(MD5.hexadecimal(Array("12345678901234567890123456789012345678901234567890123456789012345678901234567890".utf8)) == "57edf4a22be3c955ac49da2e2107b67a")
    }

    @Test func `names are written so that they end where they should`() {
        let scram = SCRAM(.sha256, user: "a=b,c", password: "", nonce: "n")
        #expect(String(decoding: scram.first, as: UTF8.self) == "n,,n=a=3Db=2Cc,r=n")
        #expect(SCRAM.nonce() != SCRAM.nonce())
    }

    @Test(arguments: ["", "r=other,s=QSXCR+Q6sek8bf92,i=4096", "r=n,s=QSXCR+Q6sek8bf92,i=4096", "r=nx,s=?,i=4096", "r=nx,s=QSXCR+Q6sek8bf92", "e=no"])
    func `refuses an answer that makes no sense`(answer: String) {
        var scram = SCRAM(.sha256, user: "u", password: "p", nonce: "n")
        #expect(throws: MongoError.self) { try scram.second(after: Array(answer.utf8)) }
    }

    @Test(arguments: ["1", "4095", "1000001", "99999999999999999999"])
    func `refuses a number of rounds that gives the password away, or takes for ever`(rounds: String) {
        var scram = SCRAM(.sha256, user: "u", password: "p", nonce: "n")
        #expect(throws: MongoError.self) { try scram.second(after: Array("r=nx,s=QSXCR+Q6sek8bf92,i=\(rounds)".utf8)) }
    }
}
