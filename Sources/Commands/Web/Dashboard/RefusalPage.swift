import CeleryCore
import WebServer

/// A refusal as a page, for browsers. It tells nothing that the refusal does not: perhaps nobody has logged in.
enum RefusalPage {
    /// The answer as it is, or as a page if it is a refusal that a person shall read.
    static func applied(to reply: WebServer.Reply, of request: WebRequest) -> WebServer.Reply {
        guard request.header("accept")?.contains(text: "text/html") == true else { return reply }
        switch reply {
        case .now(let response): return .now(shown(response))
        case .later(let work): return .later { shown(await work()) }
        }
    }

    private static func shown(_ response: WebResponse) -> WebResponse {
        guard response.status >= 400, response.header("content-type") == "application/json", let bytes = response.bytes,
            let reason = (try? JSON(parsing: bytes))?["error"]?.stringValue
        else { return response }
        var page = response
        page.headers.removeAll { $0.name.lowercased() == "content-type" }
        let html: HTML = """
            \(Frame.start("\(response.status) - celery"))
            <body>
            <main id="main">
            <h1>\(title(response.status))</h1>
            <p>\(sentence(reason))</p>
            <p><a href="/">Overview</a></p>
            </main>
            </body>
            </html>

            """
        page.headers.append(WebField("Content-Type", "text/html; charset=utf-8"))
        page.body = .bytes(Array(html.text.utf8))
        return page
    }

    private static func title(_ status: Int) -> String {
        switch status {
        case 401: "Who are you?"
        case 403: "Not allowed"
        case 404: "Not found"
        case 409: "Refused"
        case 501: "Not possible here"
        case 500...: "Something went wrong"
        default: "This cannot be done"
        }
    }

    private static func sentence(_ reason: String) -> String {
        let text = reason.prefix(1).uppercased() + reason.dropFirst()
        return text.hasSuffix(".") ? text : text + "."
    }
}
