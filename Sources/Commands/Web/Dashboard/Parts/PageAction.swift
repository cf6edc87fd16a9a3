import CeleryCore
import WebServer

/// The command that does the same as something on a page.
enum ShellLine {
    static func html(_ command: String) -> HTML { "<p class=\"command\">In a shell: <code>\(command)</code></p>" }

    /// A command with words that are quoted where necessary.
    static func of(_ words: String...) -> String { words.map(ShellWord.quoted).joined(separator: " ") }

    static func of(_ words: [String]) -> String { words.map(ShellWord.quoted).joined(separator: " ") }
}

/// Something to do: a button behind a word to open, with the command that does the same. Opening it is the question whether to do
/// it, without any script; a text browser shows all of it.
struct PageAction {
    /// A verb: `Purge`.
    var verb: String
    /// What it is done to, for those who do not see where it stands: `queue images`.
    var object: String
    var path: PagePath
    var command: String
    /// What the form has besides.
    var fields: HTML = ""
    /// Whether something is lost by it.
    var isDangerous = false
    /// What will happen.
    var warning: String?

    /// Nothing for those who may not act.
    func html(_ viewer: Viewer) -> HTML {
        guard viewer.mayAct else { return "" }
        // An address cannot have every name.
        guard path.isPossible else { return ShellLine.html(command) }
        let style: HTML = isDangerous ? " class=\"danger\"" : ""
        return """
            <details class="action"><summary>\(verb)<span class="hidden"> \(object)</span></summary>
            <form method="post" action="\(path)"><input type="hidden" name="\(OriginCheck.field)" value="\(viewer.token)">
            \(warning.map { "<p>\($0)</p>" as HTML })\(fields)
            \(ShellLine.html(command))
            <button\(style)>\(verb)<span class="hidden"> \(object)</span></button></form></details>
            """
    }

    /// Several in a row.
    static func html(_ actions: [PageAction], _ viewer: Viewer) -> HTML {
        let shown = actions.map { $0.html(viewer) }.filter { !$0.isEmpty }
        return shown.isEmpty ? "" : "<div class=\"actions\">\(shown)</div>"
    }
}

/// Fields of forms.
enum Field {
    /// A line of text.
    ///
    /// - Parameter name: As the parameter; only ours, so that it needs no check.
    static func text(_ name: StaticString, _ label: String, value: String = "", hint: String = "", isRequired: Bool = false) -> HTML {
        let name = HTML(stringLiteral: name)
        let required: HTML = isRequired ? " required" : ""
        return "<label>\(label) <input name=\"\(name)\" value=\"\(value)\" placeholder=\"\(hint)\"\(required)></label>"
    }

    static func number(_ name: StaticString, _ label: String, value: Int) -> HTML {
        "<label>\(label) <input type=\"number\" min=\"1\" name=\"\(HTML(stringLiteral: name))\" value=\"\(value)\" required></label>"
    }

    static func choice(_ name: StaticString, _ label: String, _ choices: [(value: String, text: String)], chosen: String) -> HTML {
        let options = choices.map { choice -> HTML in
            let mark: HTML = choice.value == chosen ? " selected" : ""
            return "<option value=\"\(choice.value)\"\(mark)>\(choice.text)</option>"
        }
        return "<label>\(label) <select name=\"\(HTML(stringLiteral: name))\">\(options)</select></label>"
    }

    /// Fields that nobody sees.
    static func hidden(_ fields: [(name: String, value: String)]) -> HTML {
        HTML(fields.filter { !$0.value.isEmpty }.map { "<input type=\"hidden\" name=\"\($0.name)\" value=\"\($0.value)\">" as HTML })
    }

    /// A form that asks for a page.
    static func search(_ path: PagePath, _ label: String, _ fields: [HTML]) -> HTML {
        "<form class=\"search\" method=\"get\" action=\"\(path)\" role=\"search\" aria-label=\"\(label)\">\(fields)<button>\(label)</button></form>"
    }
}
