import CeleryCore
import Testing

@testable import Configuration

private func sections(_ text: String) throws(SettingsError) -> [HTTPTaskSection] { try resolved(text).settings.httpTasks }

@Suite struct HTTPTaskTableTests {
    @Test func `an HTTP task is read with all that is said of it`() throws {
        let sections = try sections(
            """
            CELERYD_PREFETCH = 1

            [task."shop.resize"]
            url = "https://images.example.com/resize?v=2"
            method = "put"
            headers = { X-Team = "shop", Authorization = "Bearer 3f7a" }
            timeout = "90s"
            time_limit = "10m"
            soft_time_limit = 500
            max_retries = 5
            retry_backoff = 2
            queue = "images"
            max_output = "1m"
            rate_limit = "10/s"
            concurrency = 3
            """)
        var expected = HTTPTaskSection(
            name: "shop.resize", place: "celery.toml:3", address: try HTTPAddress("https://images.example.com/resize?v=2"))
        expected.method = .put
        expected.headers = [.init(name: "Authorization", value: "Bearer 3f7a"), .init(name: "X-Team", value: "shop")]
        expected.timeout = 90
        let section = try #require(sections.first)
        expected.options = section.options
        #expect(sections == [expected])
        #expect(section.options[CommonOptions.table.timeLimit] == .some(.seconds(600)))
        #expect(section.options[CommonOptions.table.softTimeLimit] == .some(.seconds(500)))
        #expect(section.options[CommonOptions.table.maxRetries] == .some(5))
        #expect(section.options[CommonOptions.table.queue] == .some("images"))
        #expect(section.options[TaskOnlyOptions.table.maxOutputBytes] == .some(1 << 20))
        #expect(section.options[TaskOnlyOptions.table.concurrency] == .some(3))
    }

    @Test func `without anything else it is a POST`() throws {
        let section = try #require(try sections("[task.a]\nurl = 'http+unix://%2Frun%2Fa.sock/x'").first)
        #expect(section.method == .post && section.timeout == 60 && section.headers == [] && section.options == OptionValues())
        #expect(section.address.socket == "/run/a.sock")
        #expect(try sections("") == [] && sections("[task]") == [])
    }

    @Test(arguments: [
        ("task = 1", "celery.toml:1: task must be a table of HTTP tasks, not a whole number"),
        ("[[task]]\nurl = 'http://a'", "celery.toml:1: task must be a table of HTTP tasks, not a list"),
        ("[task]\nurl = 'http://a'", "celery.toml:2: task.url must be a table, not text"),
        ("[task.'']\nurl = 'http://a'", "celery.toml:1: the name of a task must not be empty"),
        ("[task.'celery.ping']\nurl = 'http://a'", "celery.toml:1: [task.\"celery.ping\"] has a name that begins with celery., as only tasks of celery itself do"),
        ("[task.a]", "celery.toml:1: [task.a] has no url"),
        ("[task.a]\nmethod = 'POST'", "celery.toml:1: [task.a] has no url"),
        ("[task.a]\nurl = 5", "celery.toml:2: [task.a] url must be text in quotes, not a whole number"),
        ("[task.a]\nurl = 'example.com'", "celery.toml:2: [task.a] url must begin with https://, http:// or http+unix://"),
        ("[task.a]\nurl = 'https://u:p@a/'", "celery.toml:2: [task.a] url contains a user name; write an Authorization header instead"),
        ("[task.a]\nurl = 'https://a/ b'", "celery.toml:2: [task.a] url contains a character that has to be percent-encoded"),
        ("[task.a]\nurll = 'https://a'", "celery.toml:2: [task.a] urll is not known; did you mean 'url'?"),
        ("[task.a]\nmethod = 'X'", "celery.toml:2: [task.a] method must be one of POST, PUT, PATCH, GET, DELETE, not \"X\""),
        ("[task.a]\ntimeout = 0", "celery.toml:2: [task.a] timeout must be more than 0"),
        ("[task.a]\ntimeout = '2d'", "celery.toml:2: [task.a] timeout must be at most a day"),
        ("[task.a]\nheaders = 'x'", "celery.toml:2: [task.a] headers must be a table such as { Authorization = \"Bearer ...\" }, not text"),
        ("[task.a]\nheaders = { 'a b' = 'x' }", "celery.toml:2: [task.a] headers has \"a b\", which is no name of a header"),
        ("[task.a]\nheaders = { content-length = '0' }", "celery.toml:2: [task.a] headers has content-length, which celery sends itself"),
        ("[task.a]\nheaders = { Celery-Task-Id = '0' }", "celery.toml:2: [task.a] headers has Celery-Task-Id, which celery sends itself"),
        ("[task.a]\nheaders = { A = 'x', a = 'y' }", "celery.toml:2: [task.a] headers has a twice"),
        (
            "[task.a]\nheaders = { A = \"x\\r\\nB: y\" }",
            "celery.toml:2: [task.a] headers has A, whose value must be a line of up to 8000 bytes without control characters"
        ),
        ("[task.a]\nheaders = { A = 5 }", "celery.toml:2: [task.a] headers has A, which must be text in quotes, not a whole number"),
        ("[task.a]\nnice = 5", "celery.toml:2: [task.a] nice is for tasks with a process of their own; an HTTP task has none"),
        ("[task.a]\nmax_memory = '1m'", "celery.toml:2: [task.a] max_memory is for tasks with a process of their own; an HTTP task has none"),
        ("[task.a]\npriority = 256", "celery.toml:2: [task.a] priority must be from 0 to 255, not 256"),
        ("[task.a]\nevery = '1m'", "celery.toml:2: [task.a] every is not for HTTP tasks"),
        (
            "[task.a]\nurl = 'http://a'\ntime_limit = 5\nsoft_time_limit = 5",
            "celery.toml:1: [task.a] has soft_time_limit, which must be less than time_limit"
        ),
        ("[task.shop.resize]\nurl = 'http://a'", "celery.toml:1: [task.shop] resize is not known"),
    ])
    func `a mistake is named with its line and task`(text: String, message: String) {
        do {
            let sections = try sections(text)
            Issue.record("read as \(sections)")
        } catch {
            #expect("\(error)" == message)
        }
    }

    @Test func `a name with dots has to be quoted, and the error says so`() throws {
        let error = try #require(throws: SettingsError.self) { try sections("[task.shop.resize]\nurl = 'http://a'") }
        #expect(error.hint == "a task called shop.resize is [task.\"shop.resize\"]")
    }

    @Test func `the value of a header is in no error`() throws {
        for text in ["{ A = \"sesame\\n\" }", "{ 'a b' = 'sesame' }", "{ A = 'sesame', B = 5 }"] {
            let error = try #require(throws: SettingsError.self) { try sections("[task.a]\nheaders = \(text)") }
            #expect(!"\(error)".contains("sesame"))
        }
    }

    @Test func `hosts are read from the file and the environment`() throws {
        #expect(try settings("CELERY_HTTP_HOSTS = ['a.com', '*.b.com', '10.0.0.0/8']").httpHosts.texts == ["a.com", "*.b.com", "10.0.0.0/8"])
        let error = try #require(throws: SettingsError.self) { try settings("CELERY_HTTP_HOSTS = ['http://a']") }
        #expect(error.description.hasPrefix("celery.toml:1: CELERY_HTTP_HOSTS contains \"http://a\", which is no host;"))
    }

    @Test func `the files of keys are relative to the file of the settings`() throws {
        let settings = try settings("CELERY_HTTP_KEYS = { 'API.example.com' = 'api.key', b = '/etc/b.key' }")
        #expect(settings.httpKeys["b"] == "/etc/b.key")
        #expect(settings.httpKeys["api.example.com"]?.hasSuffix("/api.key") == true && settings.httpKeys["api.example.com"]?.hasPrefix("/") == true)
        for text in ["{ 'http://a' = 'k' }", "{ a = '' }", "{ a = 'k', A = 'l' }", "5", "{ 'a:1' = 'k' }", "{ a = 5 }"] {
            #expect(throws: SettingsError.self) { try keys("CELERY_HTTP_KEYS = \(text)") }
        }
    }
}

private func keys(_ text: String) throws(SettingsError) -> [String: String] { try settings(text).httpKeys }
