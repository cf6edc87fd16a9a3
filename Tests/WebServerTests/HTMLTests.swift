import Testing
import WebServer

struct HTMLTests {
    @Test func `literals are taken as they are, and every other text is escaped`() {
        let name = #"<script>alert("1")</script>&'`"#
        let html: HTML = "<td title=\"\(name)\">\(name)</td>"
        let shown = "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;&#39;&#96;"
        #expect(html.text == "<td title=\"\(shown)\">\(shown)</td>")
    }

    @Test func `text is escaped once, also if it is put in as HTML later`() {
        let text = "a & b"
        let cell = HTML(text)
        let row: HTML = "<tr>\(cell)\([cell, cell])\(nil as HTML?)</tr>"
        #expect(row.text == "<tr>a &amp; ba &amp; ba &amp; b</tr>")
        #expect(HTML(["<b>", cell], separator: ", ").text == "<b>, a &amp; b")
    }

    @Test(arguments: ["\0", "\u{1B}[31m", "\u{7F}", "\r"]) func `characters that a document cannot have are replaced`(_ text: String) {
        let shown = HTML(text).text
        #expect(shown.hasPrefix("\u{FFFD}") && shown.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F })
    }

    @Test func `lines stay lines`() {
        let lines = "a\n\tb"
        #expect(HTML(lines).text == lines)
    }

    @Test func `no text leaves its attribute or element, whatever its characters`() {
        for value in (0...0x2FF).compactMap(UnicodeScalar.init) {
            let html: HTML = "<p class=\"\(String(Character(value)))\">"
            #expect(html.text.utf8.count { $0 == UInt8(ascii: "\"") } == 2 && html.text.utf8.count { $0 == UInt8(ascii: ">") } == 1, "\(value.value)")
        }
    }

    @Test func `an address stays on this server, and in its part`() {
        #expect(PagePath().text == "/")
        #expect(PagePath("task", "../../evil?x=1#y", "retry").text == "/task/..%2F..%2Fevil%3Fx%3D1%23y/retry")
        #expect(PagePath("/evil.example").text == "/%2Fevil.example")
        #expect(PagePath("tasks", query: ["task": "a&b=c", "queue": nil, "text": ""]).text == "/tasks?task=a%26b%3Dc")
        #expect(PagePath("tasks", query: ["state": "FAILURE", "at": "1.2"]).with("at", "3.4").text == "/tasks?state=FAILURE&at=3.4")
        let link: HTML = "<a href=\"\(PagePath("tasks", query: ["a": "1", "b": "2"]))\">"
        #expect(link.text == "<a href=\"/tasks?a=1&amp;b=2\">")
    }
}
