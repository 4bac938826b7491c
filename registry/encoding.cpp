#include "registry/encoding.h"

#include <memory>
#include <sstream>
#include <stdexcept>

#include <json/reader.h>
#include <json/writer.h>

namespace stoa::registry {
namespace {

[[noreturn]] void wrong(const std::string& field, const char* expected) {
    throw std::runtime_error("registration: " + field + " must be " + expected);
}

const Json::Value& list(const Json::Value& object, const char* name) {
    const Json::Value& value = object[name];
    if (!value.isArray()) {
        wrong(name, "a list");
    }
    return value;
}

std::string text(const Json::Value& object, const char* name) {
    if (!object.isObject() || !object[name].isString() || object[name].asString().empty()) {
        wrong(name, "a text that is not empty");
    }
    return object[name].asString();
}

std::vector<std::string> texts(const Json::Value& object, const char* name) {
    std::vector<std::string> all;
    for (const Json::Value& value : list(object, name)) {
        if (!value.isString()) {
            wrong(name, "a list of texts");
        }
        all.push_back(value.asString());
    }
    return all;
}

Json::Value toJson(const std::vector<std::string>& all) {
    Json::Value value(Json::arrayValue);
    for (const std::string& one : all) {
        value.append(one);
    }
    return value;
}

Json::Value toJson(const Service& service) {
    Json::Value value;
    value["name"] = service.name;
    value["version"] = service.version;
    value["resources"] = toJson(service.resources);
    value["routes"] = Json::Value(Json::arrayValue);
    for (const Route& route : service.routes) {
        Json::Value one;
        one["method"] = route.method;
        one["path"] = route.path;
        one["auth"] = toJson(route.auth);
        value["routes"].append(one);
    }
    return value;
}

Service serviceFromJson(const Json::Value& value) {
    Service service;
    service.name = text(value, "name");
    service.version = text(value, "version");
    service.resources = texts(value, "resources");
    for (const Json::Value& route : list(value, "routes")) {
        service.routes.push_back({text(route, "method"), text(route, "path"), texts(route, "auth")});
    }
    return service;
}

}  // namespace

Json::Value toJson(const Registration& registration) {
    Json::Value value;
    value["host_id"] = registration.host_id;
    value["address"] = registration.address;
    value["epoch"] = Json::Int64(registration.epoch);
    value["more_to_come"] = registration.more_to_come;
    value["services"] = Json::Value(Json::arrayValue);
    for (const Service& service : registration.services) {
        value["services"].append(toJson(service));
    }
    return value;
}

Registration registrationFromJson(const Json::Value& value) {
    if (!value.isObject()) {
        wrong("it", "an object");
    }
    Registration registration;
    registration.host_id = text(value, "host_id");
    registration.address = text(value, "address");
    if (value["epoch"].type() != Json::intValue || value["epoch"].asInt64() < 0) {
        wrong("epoch", "a count of microseconds");
    }
    registration.epoch = value["epoch"].asInt64();
    if (value.isMember("more_to_come") && !value["more_to_come"].isBool()) {  // absent: nothing
        wrong("more_to_come", "true or false");
    }
    registration.more_to_come = value["more_to_come"].asBool();
    for (const Json::Value& service : list(value, "services")) {
        registration.services.push_back(serviceFromJson(service));
    }
    return registration;
}

Json::Value readJson(std::string_view text) {
    Json::CharReaderBuilder builder;
    Json::CharReaderBuilder::strictMode(&builder.settings_);
    builder["strictRoot"] = false;
    builder["stackLimit"] = 32;
    const std::unique_ptr<Json::CharReader> reader(builder.newCharReader());
    Json::Value value;
    std::string errors;
    try {
        if (reader->parse(text.data(), text.data() + text.size(), &value, &errors)) {
            return value;
        }
    } catch (const Json::Exception& error) {  // too deep
        errors = error.what();
    }
    throw std::runtime_error("not JSON: " + errors);
}

std::string jsonText(const Json::Value& value) {
    Json::StreamWriterBuilder builder;
    builder["indentation"] = "";
    builder["emitUTF8"] = true;
    return Json::writeString(builder, value);
}

}  // namespace stoa::registry
