import CeleryCore
import Fixtures
import Testing

/// A running `celery web` of a project, and curl to ask it.
struct Site {
    let project: Project
    /// `http://127.0.0.1:PORT`.
    let address: String

    /// Starts it in the background on a free port, with pidfile web.pid and log web.log.
    init(_ project: Project, _ options: String = "", with variables: [String: String] = [:]) throws {
        self.project = project
        _ = try project.run("celery web --detach --bind 127.0.0.1:0 -p web.pid -f web.log \(options)", with: variables).text
        let line = try #require(project.read("web.log").split(separator: "\n").last { $0.contains("Answering at ") })
        address = String(try #require(line.split(separator: " ").last).dropLast())
    }

    var port: UInt16 { get throws { try #require(UInt16(address.split(separator: ":").last ?? "")) } }

    func stop() throws { _ = try project.run("celery web --stop -p web.pid").text }

    /// Asks by curl: the body, and the status on a line of its own.
    func ask(_ path: String, _ options: String = "") throws -> (status: Int, body: String) {
        let ended = try project.run("curl -sS -m 60 -w '\\n%{http_code}' \(options) '\(address)\(path)'")
        let text = try ended.text
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        return (Int(lines.last ?? "") ?? 0, lines.dropLast().joined(separator: "\n"))
    }

    /// The header lines of an answer, in lower case.
    func headers(_ path: String, _ options: String = "") throws -> String {
        try project.run("curl -sS -m 60 -D- -o /dev/null \(options) '\(address)\(path)'").text.lowercased()
    }

    func json(_ path: String, _ options: String = "") throws -> JSON { try JSON(parsing: try ask(path, options).body) }
}
