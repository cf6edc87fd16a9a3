import CeleryCore
import WebServer

/// The files of the pages, which are within the program.
struct Assets: Sendable {
    private struct Asset: Sendable {
        let name: String
        let type: String
        let bytes: [UInt8]
        let tag: String

        init(_ name: String, _ type: String, _ text: String) {
            (self.name, self.type) = (name, type)
            bytes = Array(text.utf8)
            tag = "\"\(Hexadecimal.text(Array(SHA256.hash(bytes).prefix(12))))\""
        }
    }

    private static let all = [
        Asset("style.css", "text/css; charset=utf-8", StyleSheet.text),
        Asset("live.js", "text/javascript; charset=utf-8", LiveScript.text),
        Asset("icon.svg", "image/svg+xml", icon),
    ]

    /// A stalk with two leaves.
    private static let icon = """
        <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path fill="#2e7d32" d="M7 15V7h2v8zM8 7C4 7 3 4 3 1c4 0 5 3 5 6zm0 0c0-3 1-6 5-6 0 3-1 6-5 6z"/></svg>

        """

    var routes: [WebRoute] {
        Self.all.map { asset in
            WebRoute("GET", "/assets/\(asset.name)", .right(.read)) { call in
                // A browser asks whether it has changed: a new program has new files at the same address.
                let headers = [WebField("Content-Type", asset.type), WebField("ETag", asset.tag), WebField("Cache-Control", "no-cache")]
                if call.request.header("if-none-match") == asset.tag { return .now(WebResponse(304, headers: headers)) }
                return .now(WebResponse(200, headers: headers, body: .bytes(asset.bytes)))
            }
        }
    }
}
