import Testing

@testable import Configuration

@Suite struct TOMLScanTests {
    @Test func `a name is found below comments, lists and strings of several lines`() {
        let text = """
            # A = 1
            B = ["x", # C = 2
              'D = 3',
            ]

            'E' = \"\"\"
            F = 4
            \\\"\"\" G = 5
            ""\"\"\"
            "H"='''
            I = 6'''
              J.k = { a = [1,
              2] } # ]
            \r
            L = "a # \\" ["\r
            [M.n]
            B = 7
            [["O"]]
            P = 8
            """
        let scan = TOMLScan(text)
        let lines = ["B": 2, "E": 6, "H": 10, "J": 12, "L": 15, "M": 16, "O": 18]
        for (name, line) in lines { #expect(scan.line(of: [name]) == line, "\(name)") }
        for name in ["A", "C", "D", "F", "G", "I", "P"] { #expect(scan.line(of: [name]) == 0, "\(name)") }
        #expect(scan.defect == nil)
    }

    @Test func `a name in a table has its own line, and what is not found that of the table`() {
        let scan = TOMLScan(
            """
            [beat.a]
            task = "x"
            options.queue = [
              1 ]
            [ beat . "b c" ]
            'every' = 3
            [beat]
            d.task = "y"
            e = { task = "z" }
            """)
        let lines: [([String], Int)] = [
            (["beat"], 1), (["beat", "a"], 1), (["beat", "a", "task"], 2), (["beat", "a", "options"], 3),
            (["beat", "a", "options", "queue"], 3), (["beat", "a", "args"], 1), (["beat", "b c"], 5), (["beat", "b c", "every"], 6),
            (["beat", "d"], 8), (["beat", "d", "task"], 8), (["beat", "e", "task"], 9), (["beat", "f"], 1), (["task"], 0),
        ]
        for (path, line) in lines { #expect(scan.line(of: path) == line, "\(path)") }
    }

    @Test func `a quote behind a backslash does not end a name`() {
        #expect(TOMLScan("\"a\\\"b\" = 1\nc = 2").line(of: ["c"]) == 2)
    }

    @Test func `broken text does not trap`() {
        for text in ["", "[", "[[", "a", "a=", "a=\"", "a='''", "\"a", "]", "a=\"\\", "a=[{\"", "=", "\n=\n]\n}\nb=1"] {
            _ = TOMLScan(text)
        }
        #expect(TOMLScan("]\n}\nb=1").line(of: ["b"]) == 3)
    }

    @Test(arguments: [
        ("a = 1\n[\n", 2, "the name of a table must follow ["), ("[ ]", 1, "the name of a table must follow ["),
        ("[[[a]]]", 1, "the name of a table must follow ["), ("[=]", 1, "the name of a table must follow ["),
        ("I = [}]", 1, "a } closes no {"), ("I = [{a = [\n1,}", 2, "a } closes no {"),
        ("b = 2020-01-01Tx", 1, "dates are not used in settings; write one as text in quotes"), ("b = [2020-01-01 1 ]", 1, "dates are not used in settings; write one as text in quotes"),
        ("b = 1\na = \"x\\u0000\"", 2, "a NUL is not allowed in a settings file"),
        ("\"\\U00000000\" = 1", 1, "a NUL is not allowed in a settings file"),
        ("b = 2_020-01-01", 1, "dates are not used in settings; write one as text in quotes"),
    ])
    func `what the parser would end the process on is an error first`(text: String, line: Int, message: String) {
        #expect(TOMLScan(text).defect == .init(line: line, message: message))
        #expect(throws: SettingsError(.syntax, at: "celery.toml:\(line)", "not valid TOML: \(message)")) { try settings(text) }
    }

    @Test(arguments: [
        "a = 1e-5", "a = -1", "a = '2020-01-01'", "a = 1 # 2020-01-01", "2020-01-01 = 1", "[ \"a b\" . c ]", "[[a]]",
        "a = [{b = 1}, {}]", "a = '\\u0000'", "a = \"\\\\u0000\"", "a . b = 1", "a = '[}'",
    ])
    func `what looks like it and is well stays well`(text: String) {
        #expect(TOMLScan(text).defect == nil)
    }
}
