import CeleryCore
import Fixtures
import Testing
import Wire

@Suite struct PythonTypesTests {
    @Test func `turns the special objects into text`() throws {
        let message = try TaskMessageDecoder().decode(Golden.message("task-v2-json-special-types.json"))
        let args = try BodyCodec.decode(message.body).args
        #expect(
            PythonTypes.simplify(.array(args)) == [
                "2020-01-02T03:04:05", "2020-01-02", "03:04:05", "1.50", "12345678-1234-5678-1234-567812345678", "raw", "/wA=",
            ])
    }

    @Test func `does so at any depth`() {
        let value: JSON = ["a": [["__type__": "decimal", "__value__": "1.5"], 2], "b": nil]
        #expect(PythonTypes.simplify(value) == ["a": ["1.5", 2], "b": nil])
    }

    @Test func `decodes base64 that is text`() {
        #expect(PythonTypes.simplify(["__type__": "base64", "__value__": "w7xi"]) == "üb")
        #expect(PythonTypes.simplify(["__type__": "base64", "__value__": "aGk="]) == "hi")
        #expect(PythonTypes.simplify(["__type__": "base64", "__value__": "not base64!"]) == "not base64!")
    }

    @Test func `leaves everything else as it is`() {
        for value in [
            ["__type__": "tensor", "__value__": 1], ["__type__": "date", "__value__": 5], ["__type__": "date"],
            ["__type__": "uuid", "__value__": "x"], ["__type__": "uuid", "__value__": ["hex": "xyz"]],
            ["__type__": "date", "__value__": "2020-01-01", "more": 1],
        ] as [JSON] {
            #expect(PythonTypes.simplify(value) == value)
        }
    }
}
