import TOML
import Testing

@Suite struct TOMLErrorTests {
    @Test(arguments: [
        ("a", "line 1, column 2: expected = and a value after the name 'a', not the end of the file"),
        ("a b = 1", "line 1, column 3: expected = and a value after the name 'a', not 'b'"),
        ("\n= 1", "line 2, column 1: expected a name, not '='"),
        ("é = 1", "line 1, column 1: a name with 'é' needs quotes"),
        ("'é'x = 1", "line 1, column 4: expected = and a value after the name '\"é\"', not 'x'"),
        ("a. = 1", "line 1, column 4: expected a name, not '='"),
        ("\"\"\"a\"\"\" = 1", "line 1, column 1: a name may not stand in three quotes"),
        ("a =\n", "line 1, column 4: expected a value, not the end of the line"),
        ("a = # x", "line 1, column 5: expected a value, not a comment"),
        ("a = secret", "line 1, column 5: expected a value; text must stand in quotes"),
        ("a = é", "line 1, column 5: expected a value; text must stand in quotes"),
        ("a = (1, 2)", "line 1, column 5: no value begins with '('"),
        ("a = 1 b = 2", "line 1, column 7: expected the end of the line, not 'b'"),
        ("a = 1\rb = 2", "line 1, column 6: expected the end of the line, not a control character"),
        ("a = \"x\nb = 1", "line 1, column 5: the text that begins here has no closing \" in its line"),
        ("a = 'x", "line 1, column 5: the text that begins here has no closing '"),
        ("a = '''x\n''", "line 1, column 5: the text that begins here has no closing '''"),
        ("a = \"C:\\dir\"", "line 1, column 8: a backslash may not stand before 'd'; write \\\\ for a backslash, or the text in single quotes"),
        ("a = \"\\u12\"", "line 1, column 6: \\u needs 4 hexadecimal digits"),
        ("a = \"\\uD800\"", "line 1, column 6: U+D800 is not a Unicode character"),
        ("a = \"x\u{1}\"", "line 1, column 7: text may not hold the control character U+0001"),
        ("# x\u{7F}", "line 1, column 4: a comment may not hold the control character U+007F"),
        ("a = 010", "line 1, column 5: a number may not begin with 0; write text in quotes"),
        ("a = 1__0", "line 1, column 6: an underscore in a number must stand between two digits"),
        ("a = 10m", "line 1, column 7: a number may not hold 'm' here; write text in quotes"),
        ("a = 1.", "line 1, column 7: a digit is missing in the number"),
        ("a = +0x1", "line 1, column 5: a number in base 16 may not have a sign"),
        ("a = 9223372036854775808", "line 1, column 5: the number does not fit into 64 bits"),
        ("a = 2023-02-29", "line 1, column 5: the calendar has no such date"),
        ("a = 2023-2-9", "line 1, column 5: a date is written YYYY-MM-DD; write text in quotes"),
        ("a = 25:00:00", "line 1, column 5: no clock shows such a time"),
        ("a = 10:00", "line 1, column 5: a time is written HH:MM:SS; write text in quotes"),
        ("a = 10:00:00Z", "line 1, column 13: a date or time may not be followed by 'Z'"),
        ("a = [1, 2", "line 1, column 5: the array that begins here is not closed by ]"),
        ("a = [1\n  2]", "line 2, column 3: expected , or ] after a value of an array, not '2'"),
        ("a = [}]", "line 1, column 6: no value begins with '}'"),
        ("a = { b = 1 c = 2 }", "line 1, column 13: expected , or } after a value of an inline table, not 'c'"),
        ("a = { b = 1, }", "line 1, column 14: an inline table may not end with a comma"),
        ("a = { b = 1\n}", "line 1, column 12: an inline table must stand on one line; write [table] for a longer one"),
        ("[]", "line 1, column 2: a table needs a name between its brackets"),
        ("[a b]", "line 1, column 4: the name of a table must end with ], not 'b'"),
        ("[[a]", "line 1, column 5: the name of a table must end with ]], not the end of the file"),
        ("a = 1\n\na = 2", "line 3, column 1: 'a' is set twice; the first time in line 1"),
        ("[a]\n[b]\n[a]", "line 3, column 2: the table 'a' is defined twice; the first time in line 1"),
        ("a = 1\n[a.b]", "line 2, column 2: 'a' has its value in line 1"),
        ("a = [1]\n[[a]]", "line 2, column 3: 'a' is no array of tables, but was defined in line 1"),
        ("[[a]]\n[a]", "line 2, column 2: 'a' is an array of tables since line 1; write [[ ]] to add one"),
        ("[a.b.c]\n[a]\nb.c.d = 1", "line 3, column 3: the table 'b.c' is complete since line 1; set it all in one place"),
        ("a = { b = 1 }\na.c = 2", "line 2, column 1: 'a' has its value in line 1"),
        ("\"a\\nb\" = 1\n\"a\\nb\" = 1", "line 2, column 1: '\"a\\nb\"' is set twice; the first time in line 1"),
    ])
    func `a mistake is told in plain words, with its line and column`(text: String, message: String) throws {
        let error = try #require(throws: TOMLError.self) { try TOMLTable(parsing: [UInt8](text.utf8)) }
        #expect(error.description == message)
    }

    @Test func `text that is not UTF-8 is refused where it is not`() throws {
        let error = try #require(throws: TOMLError.self) { try TOMLTable(parsing: [UInt8]("a = 'é'\nb = '".utf8) + [0xFF, 0x27]) }
        #expect(error == TOMLError(line: 2, column: 6, "the text is not encoded in UTF-8"))
    }

    @Test func `no message shows more of a value than one character`() throws {
        for value in ["sesame", "\"sesame", "'sesame\n'", "\"ses\\ame\"", "1sesame", "[sesame", "{ sesame }x", "2020-sesame", "10:sesame"] {
            let error = try #require(throws: TOMLError.self) { try TOMLTable(parsing: [UInt8]("password = \(value)".utf8)) }
            // The names in an inline table are names.
            #expect(value.hasPrefix("{") || !error.message.contains("sesam"), "\(error)")
        }
    }
}
