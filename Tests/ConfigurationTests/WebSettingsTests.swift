import CeleryCore
import Fixtures
import Testing

@testable import Configuration

/// The settings of `celery web`.
@Suite struct WebSettingsTests {
    private func settings(_ text: String, environment: [String: String] = [:]) throws -> Settings {
        let folder = TemporaryFolder()
        try folder.write(text, to: "celery.toml")
        var settings = try SettingsReader.resolve(environment: environment, workingFolder: folder.path).settings
        // The folder has another name each time.
        settings.web.credentials = settings.web.credentials.map { String($0.dropFirst(folder.path.utf8.count)) }
        return settings
    }

    @Test func `name the address, who may ask, and what is shown`() throws {
        let web = try settings(
            """
            CELERY_WEB_BIND = "[::1]:8080"
            CELERY_WEB_AUTH = "web.auth"
            CELERY_WEB_READ_ONLY = true
            CELERY_WEB_PUBLIC_STATUS = true
            CELERY_WEB_PUBLIC_RATE = 0
            CELERY_WEB_HIDE_RESULTS = true
            CELERY_WEB_APPLY = ["shop.*", "mail.send"]
            CELERY_WEB_APPLY_RATE = 7
            CELERY_WEB_HOSTS = ["jobs.example"]
            CELERY_WEB_ORIGINS = ["https://shop.example", "http://localhost:8000"]
            """).web
        #expect(web.address == .network(host: "::1", port: 8080) && web.credentials == "/web.auth")
        #expect(web.isReadOnly && web.showsStatusToAll && web.publicRate == 0 && web.hidesResults)
        #expect(web.submissions.map(\.text) == ["shop.*", "mail.send"] && web.submissionRate == 7)
        #expect(web.hosts == ["jobs.example"] && web.origins == ["https://shop.example", "http://localhost:8000"])
    }

    @Test func `a socket is beside the settings file`() throws {
        guard case .file(let path) = try settings("CELERY_WEB_BIND = \"unix:web.sock\"").web.address else {
            Issue.record("no socket")
            return
        }
        #expect(path.hasPrefix("/") && path.hasSuffix("/web.sock"))
    }

    @Test(arguments: [
        "CELERY_WEB_BIND = \"jobs.example:80\"", "CELERY_WEB_ORIGINS = [\"*\"]", "CELERY_WEB_ORIGINS = [\"shop.example\"]",
        "CELERY_WEB_ORIGINS = [\"https://shop.example/\"]", "CELERY_WEB_CONNECTIONS = 1", "CELERY_WEB_PUBLIC_RATE = -1",
        "CELERY_WEB_APPLY = [\"celery.*\"]", "CELERY_WEB_APPLY = [\"\"]", "CELERY_WEB_APPLY = [\"shop.?\"]", "CELERY_WEB_APPLY_RATE = -1",
    ])
    func `a value that would be something else is refused`(text: String) {
        #expect(throws: SettingsError.self) { try settings(text) }
    }
}
