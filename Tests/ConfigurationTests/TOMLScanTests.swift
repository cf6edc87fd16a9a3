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
        #expect(scan.lines == ["B": 2, "E": 6, "H": 10, "J": 12, "L": 15, "M": 16, "O": 18])
        #expect(scan.defect == nil)
    }

    @Test func `broken text does not trap`() {
        for text in ["", "[", "[[", "a", "a=", "a=\"", "a='''", "\"a", "]", "a=\"\\", "a=[{\"", "=", "\n=\n]\n}\nb=1"] {
            _ = TOMLScan(text)
        }
        #expect(TOMLScan("]\n}\nb=1").lines["b"] == 3)
    }

    @Test(arguments: [
        ("a = 1\n[\n", 2, "the name of a table must follow ["), ("[ ]", 1, "the name of a table must follow ["),
        ("[[[a]]]", 1, "the name of a table must follow ["), ("[=]", 1, "the name of a table must follow ["),
        ("I = [}]", 1, "a } closes no {"), ("I = [{a = [\n1,}", 2, "a } closes no {"),
        ("b = 2020-01-01Tx", 1, "dates are not used in settings"), ("b = [2020-01-01 1 ]", 1, "dates are not used in settings"),
        ("b = 2_020-01-01", 1, "dates are not used in settings"),
    ])
    func `what the parser would end the process on is an error first`(text: String, line: Int, message: String) {
        #expect(TOMLScan(text).defect == .init(line: line, message: message))
        #expect(throws: SettingsError(.syntax, at: "celery.toml:\(line)", "not valid TOML: \(message)")) { try settings(text) }
    }

    @Test(arguments: [
        "a = 1e-5", "a = -1", "a = '2020-01-01'", "a = 1 # 2020-01-01", "2020-01-01 = 1", "[ \"a b\" . c ]", "[[a]]",
        "a = [{b = 1}, {}]", "a = '[}'",
    ])
    func `what looks like it and is well stays well`(text: String) {
        #expect(TOMLScan(text).defect == nil)
    }
}
