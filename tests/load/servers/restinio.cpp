/// The same answer as the plugin hello, from RESTinio. restinio PORT THREADS

#define RESTINIO_USE_BOOST_ASIO 1

#include <cstdlib>
#include <string>

#include <restinio/all.hpp>

int main(int count, char** arguments) {
    if (count != 3) {
        return EXIT_FAILURE;
    }
    const auto port = static_cast<std::uint16_t>(std::stoi(arguments[1]));
    const auto threads = static_cast<std::size_t>(std::stoi(arguments[2]));
    restinio::run(restinio::on_thread_pool(threads).port(port).address("127.0.0.1").request_handler([](auto request) {
        return request->create_response()
            .append_header(restinio::http_field::content_type, "application/json")
            .set_body(R"({"message":"Hello, world"})")
            .done();
    }));
}
