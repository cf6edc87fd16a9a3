import Fixtures
import Testing

@testable import WebServer

/// The address in a request.
@Suite struct WebTargetTests {
    private func status(of text: String) -> Int? {
        do throws(WebRefusal) {
            _ = try WebTarget(parsing: text)
            return nil
        } catch {
            return error.status
        }
    }

    @Test func `is taken apart into decoded parts and parameters`() throws {
        let target = try WebTarget(parsing: "/celery/a%2Db/status/?wait=30&q=a+b%26c&flag")
        #expect(target.path == ["celery", "a-b", "status"] && target.endsWithSlash)
        #expect(target.query == [WebField("wait", "30"), WebField("q", "a b&c"), WebField("flag", "")])
        #expect(try WebTarget(parsing: "/").path.isEmpty)
        #expect(try !WebTarget(parsing: "/metrics").endsWithSlash)
    }

    @Test(arguments: [
        "", "*", "metrics", "http://other/metrics", "//", "/a//b", "/./a", "/a/..", "/a/%2e%2e/b", "/a%2fb", "/a%00b", "/%", "/%zz", "/a#b",
        "/a b", "/\u{7}", "/é", "/a%ff", "/?a=%ff", "/?a=1&a=2", "/a%0d%0ab",
    ])
    func `that could be read in two ways is refused`(text: String) {
        #expect(status(of: text) == 400)
    }

    @Test func `has a limit to its length and to its parameters`() {
        #expect(status(of: "/" + String(repeating: "a", count: 5_000)) == 414)
        let many = (0...WebTarget.mostParameters).map { "p\($0)=1" }.joined(separator: "&")
        #expect(status(of: "/?" + many) == 400)
    }

    @Test func `made of random bytes is refused or has only parts that are safe`() {
        var random = SeededGenerator(seed: 13)
        let pieces = ["/", "%", "2", "f", "e", ".", "..", "?", "&", "=", "+", "a", "%2f", "%2e", "%00", "%c3%a9", "#", " ", "\\", ":", "//"]
        for _ in 0..<fuzzRounds(20_000) {
            let text = "/" + (0..<Int.random(in: 0...12, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            guard let target = try? WebTarget(parsing: text) else { continue }
            for part in target.path {
                #expect(!part.isEmpty && part != "." && part != ".." && !part.utf8.contains(0x2F) && !part.utf8.contains(0), "\(text)")
            }
            #expect(Set(target.query.map(\.name)).count == target.query.count, "\(text)")
        }
    }
}
